"""The files a dataset is handed out in, written as a stream and the same every time."""
