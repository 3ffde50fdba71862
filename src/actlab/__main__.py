"""`python -m actlab`."""

from .cli import main

main()
