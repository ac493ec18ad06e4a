"""Controls that know the theme and what they stand on."""
