"""What a person sees: tables, matrices as text, pictures, and the demonstration on real input."""
