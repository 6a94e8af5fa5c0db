# CMake includes this file when it configures llama-cpp-python (see the Makefile). It disables the libraries that Graphlore
# does not use. The package forces the cache entries of these options to ON; a normal variable of the same name takes
# precedence over a cache entry.
set(LLAVA_BUILD OFF)
set(LLAMA_BUILD_COMMON OFF)
