"""What a person sees: tables, and matrices as text."""
