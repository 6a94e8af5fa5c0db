"""Writes GGUF models of random weights: about 1 MB, loadable by llama.cpp, generating random text at high speed.

The vocabulary contains all bytes, some words and the control tokens of a chat template. The same seed writes the same file.
"""

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|start|>' + message['role'] + '\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant\n' }}{% endif %}"
)
CONTROL = ("<unk>", "<s>", "<|end|>", "<|start|>")
WORDS = ("▁the", "▁a", "▁model", "▁answers", "▁with", "▁words", "e", "t", "o", "▁")


@dataclass(frozen=True, slots=True)
class TinyModel:
    """Properties of a tiny model."""

    architecture: str = "llama"
    name: str = "Tiny"
    layers: int = 2
    embedding: int = 64
    feed_forward: int = 128
    heads: int = 2
    context_length: int = 4096
    chat_template: str | None = CHAT_TEMPLATE
    seed: int = 1
    ends: bool = False
    "True if the model can generate end tokens. Otherwise an answer ends only at its maximum number of tokens."


MAMBA_WIDTH, MAMBA_INNER, MAMBA_STATE, MAMBA_KERNEL, MAMBA_RANK = 32, 64, 8, 4, 4


def write_tiny_mamba(path: Path, seed: int = 1) -> Path:
    """Write a recurrent model: the state of a sequence cannot be truncated."""
    model = TinyModel(architecture="mamba", embedding=MAMBA_WIDTH, seed=seed)
    writer = gguf.GGUFWriter(path, model.architecture)
    _write_mamba_facts(writer, model)
    _write_vocabulary(writer, model)
    _write_mamba_tensors(writer, model)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_mamba_facts(writer: gguf.GGUFWriter, model: TinyModel) -> None:
    writer.add_name("Tiny mamba")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(model.context_length)
    writer.add_embedding_length(MAMBA_WIDTH)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(model.layers)
    writer.add_ssm_conv_kernel(MAMBA_KERNEL)
    writer.add_ssm_inner_size(MAMBA_INNER)
    writer.add_ssm_state_size(MAMBA_STATE)
    writer.add_ssm_time_step_rank(MAMBA_RANK)
    writer.add_layer_norm_rms_eps(1e-5)


def _write_mamba_tensors(writer: gguf.GGUFWriter, model: TinyModel) -> None:
    random = np.random.default_rng(model.seed)
    wide, inner, state, kernel, rank = MAMBA_WIDTH, MAMBA_INNER, MAMBA_STATE, MAMBA_KERNEL, MAMBA_RANK
    size = len(_vocabulary())

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.normal(0.0, 0.3, shape).astype(np.float32))

    add("token_embd.weight", size, wide)
    output = random.normal(0.0, 0.3, (size, wide)).astype(np.float32)
    output[: len(CONTROL)] = 0.0
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(wide, np.float32))
    for layer in range(model.layers):
        name = f"blk.{layer}"
        writer.add_tensor(f"{name}.attn_norm.weight", np.ones(wide, np.float32))
        add(f"{name}.ssm_in.weight", 2 * inner, wide)
        add(f"{name}.ssm_conv1d.weight", inner, kernel)
        add(f"{name}.ssm_conv1d.bias", inner)
        add(f"{name}.ssm_x.weight", rank + 2 * state, inner)
        add(f"{name}.ssm_dt.weight", inner, rank)
        add(f"{name}.ssm_dt.bias", inner)
        writer.add_tensor(f"{name}.ssm_a", -np.abs(random.normal(1.0, 0.3, (inner, state))).astype(np.float32))
        add(f"{name}.ssm_d", inner)
        add(f"{name}.ssm_out.weight", wide, inner)


def write_tiny_gguf(path: Path, model: TinyModel = TinyModel()) -> Path:
    """Write a transformer model."""
    writer = gguf.GGUFWriter(path, model.architecture)
    _write_facts(writer, model)
    _write_vocabulary(writer, model)
    _write_tensors(writer, model)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_facts(writer: gguf.GGUFWriter, model: TinyModel) -> None:
    writer.add_name(model.name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(model.context_length)
    writer.add_embedding_length(model.embedding)
    writer.add_block_count(model.layers)
    writer.add_feed_forward_length(model.feed_forward)
    writer.add_head_count(model.heads)
    writer.add_head_count_kv(model.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(model.embedding // model.heads)


def _vocabulary() -> list[tuple[str, float, gguf.TokenType]]:
    control = [(text, 0.0, gguf.TokenType.CONTROL) for text in CONTROL]
    tokens = [(f"<0x{byte:02X}>", 0.0, gguf.TokenType.BYTE) for byte in range(256)]
    words = [(word, -float(at), gguf.TokenType.NORMAL) for at, word in enumerate(WORDS)]
    return control + tokens + words


def _write_vocabulary(writer: gguf.GGUFWriter, model: TinyModel) -> None:
    vocabulary = _vocabulary()
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in vocabulary])
    writer.add_token_scores([score for _, score, _ in vocabulary])
    writer.add_token_types([kind for _, _, kind in vocabulary])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)
    if model.chat_template is not None:
        writer.add_chat_template(model.chat_template)


def _write_tensors(writer: gguf.GGUFWriter, model: TinyModel) -> None:
    random = np.random.default_rng(model.seed)
    wide, inner = model.embedding, model.feed_forward
    size = len(_vocabulary())

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.normal(0.0, 0.3, shape).astype(np.float32))

    add("token_embd.weight", size, wide)
    output = random.normal(0.0, 0.3, (size, wide)).astype(np.float32)
    if not model.ends:
        output[: len(CONTROL)] = 0.0
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(wide, np.float32))
    for layer in range(model.layers):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(wide, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{part}.weight", wide, wide)
        add(f"blk.{layer}.ffn_gate.weight", inner, wide)
        add(f"blk.{layer}.ffn_up.weight", inner, wide)
        add(f"blk.{layer}.ffn_down.weight", wide, inner)
