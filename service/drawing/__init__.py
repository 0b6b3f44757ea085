"""Drawing at once: warm processes beside the API, for people who move a slider and look."""
