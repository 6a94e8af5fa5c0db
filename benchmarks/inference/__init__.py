"""The inference engine's rows: our worker's own process beside llama.cpp's server and llama-cpp-python's."""
