"""Export of controllers to other languages, and import of published weights as genomes."""
