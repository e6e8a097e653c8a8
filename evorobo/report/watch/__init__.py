"""A study while it runs: a table in the terminal, a page in the browser, and event files of TensorBoard."""
