"""AU-intensity estimators: networks, what they read, how they learn and what they answer."""
