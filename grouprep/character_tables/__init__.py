"""Character tables of finite groups, exact in cyclotomic numbers."""

__all__: list[str] = []
