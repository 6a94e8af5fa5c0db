# Included by CMake when it configures llama-cpp-python (see the Makefile): compile the libraries that Graphlore uses and
# no others. The package forces its cache entries on; a normal variable of the same name wins over a cache entry.
set(LLAVA_BUILD OFF)
set(LLAMA_BUILD_COMMON OFF)
