"""Commands of `evorobo`, each file a few that belong together; `cli` lists them all."""
