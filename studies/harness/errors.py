"""What goes wrong in a study for reasons that its user can mend."""

__all__ = ["StudyError"]


class StudyError(Exception):
    """A missing package, data that are not what they should be, results of another version, an unknown study."""
