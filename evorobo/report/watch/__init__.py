"""A study while it runs: a table in the terminal, and a page in the browser."""
