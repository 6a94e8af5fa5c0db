"""Local language models: the server's side of inference, and the process that runs a model with llama.cpp.

In the server's process, without native libraries: `client` (count tokens, generate), `protocol` (messages between the two
processes), `gguf` (headers of model files), `memory_fit` and `hardware` (does a model fit), `defaults` and `load_failures`.

In the worker's process, one for each loaded model, all under `worker/`: `main` receives calls, `model_host` owns the model,
`loading` reads it, `prompting/` renders and tokenizes conversations, `scheduling/` generates all answers with continuous
batching, `streaming/` turns tokens into text and reasoning, and `llama/` binds llama.cpp.

In this package, a prompt is what llama.cpp calls so: the whole model input, with instructions, history and passages.
"""

from engines.inference.client import Generation, Inference, WorkerInference

__all__ = ["Generation", "Inference", "WorkerInference"]
