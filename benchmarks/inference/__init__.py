"""The inference engine, compared with the servers of llama.cpp and llama-cpp-python, which run the same model."""
