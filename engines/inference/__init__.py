"""Local inference: GGUF files, whether they fit, and the process that holds a model and answers.

`worker.py` is a program of its own; it alone, with `backend`, `sampler`, `engine`, `loading`, `loaded`, `prompt`, `job` and
`template` beside it, imports llama.cpp, numpy and Jinja. The parent's face is `Inference`.
"""

from engines.inference.client import Generation, Inference, WorkerInference

__all__ = ["Generation", "Inference", "WorkerInference"]
