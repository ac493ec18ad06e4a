"""How much a result looks like its source: SSIMULACRA2, sample tiles, and the search for a setting by it."""
