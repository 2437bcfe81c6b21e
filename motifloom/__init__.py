"""Motifloom: from genomic intervals to trained convolutional networks and the motifs they learnt.

The package holds every computation of the workflow as plain functions on arrays and data frames; the
rules beside it only connect them. Importing it imports nothing heavy.
"""

__version__ = "0.1.0"
