"""Work that outlives a request: contracts with the worker, the queue and the sweeper."""
