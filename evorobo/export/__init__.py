"""Controllers that leave the lab, as files that need none of us; and published ones, taken in as genomes."""
