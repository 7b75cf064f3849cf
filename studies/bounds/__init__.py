"""Does the distance to the equivariant operators bound the defect, and do the defects of layers compose?"""
