"""The evolution strategies, one file each, with what several of them share."""
