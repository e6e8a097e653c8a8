"""The report page: a study on one self-contained HTML file, which opens in any browser without a network."""
