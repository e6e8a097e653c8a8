"""Commands of `evorobo`: for each command `add_<command>(parser)` adds its arguments, and a function carries it out."""
