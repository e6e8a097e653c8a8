"""Robot data sets, one file each; each file registers its loaders."""
