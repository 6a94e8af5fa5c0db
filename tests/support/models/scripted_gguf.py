"""Writes a GGUF model of a few MB that generates exactly the text of its script. Only the end of the prompt matters.

The next token depends only on the last two tokens. A script is a list of pieces, each a special token or a text. No two
consecutive pieces may occur twice with different successors. One attention head of every group attends to the previous
position (by a phase of RoPE), its value is the token there, and the output layer adds the contributions of both tokens. The
gaps between logits are so wide that sampling cannot change the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from tests.support.models.chat_templates import CHATML

CHATML_CONTROL = ("<|im_start|>", "<|im_end|>")
HEAD = 64
SHARPNESS, GAP = 60.0, 40.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """A model that generates `script` after a prompt that ends with `ends_with`, and then the end token `stop`."""

    script: Sequence[str] = ("It is", " four.")
    template: str | None = CHATML
    control: Sequence[str] = CHATML_CONTROL
    user_defined: Sequence[str] = ()
    ends_with: str = "assistant\n"
    stop: str = "<|im_end|>"
    other_scripts: dict[str, Sequence[str]] = field(default_factory=dict)
    "Scripts for prompts with other ends, by the end of the prompt."
    adds_space_prefix: bool = False


def write_scripted_gguf(path: Path, model: ScriptedModel = ScriptedModel()) -> Path:
    vocabulary = _Vocabulary(model)
    steps = _steps(model, vocabulary)
    writer = gguf.GGUFWriter(path, "llama")
    _write_facts(writer, vocabulary)
    vocabulary.write(writer, model)
    _write_tensors(writer, vocabulary, steps)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


class _Vocabulary:
    """Special tokens, all bytes, and the pieces of the scripts."""

    def __init__(self, model: ScriptedModel) -> None:
        self.control = ["<unk>", "<s>", *dict.fromkeys((*model.control, model.stop))]
        self.special = [*self.control, *model.user_defined]
        self.bytes = [f"<0x{byte:02X}>" for byte in range(256)]
        scripts = (model.script, *model.other_scripts.values())
        texts = dict.fromkeys(part for script in scripts for piece in script for part in self.parts(piece))
        known = {*self.special, *self.bytes}
        self.pieces = [*self.special, *self.bytes, *(text for text in texts if text not in known)]
        self.ids = {piece: number for number, piece in enumerate(self.pieces)}
        self.half = -(-len(self.pieces) // HEAD) * HEAD
        self.width = 2 * self.half + HEAD

    def parts(self, piece: str) -> list[str]:
        """Return the tokens of a piece: the piece itself, or the bytes of a single character.

        A token for a single character would change the tokens of prompts.
        """
        is_character = len(piece) == 1 and piece not in self.special
        return [f"<0x{byte:02X}>" for byte in piece.encode()] if is_character else [piece]

    def last_two(self, text: str) -> list[int]:
        """Return the last two tokens of a text: special tokens as a whole, everything else byte by byte."""
        found: list[int] = []
        while text and len(found) < 2:
            special = next((piece for piece in self.special if text.endswith(piece)), None)
            end = special or text[-1]
            tokens = [self.ids[part] for part in ([special] if special else self.parts(end))]
            found = [*tokens, *found][-2:]
            text = text[: -len(end)]
        return found

    def write(self, writer: gguf.GGUFWriter, model: ScriptedModel) -> None:
        kinds = dict.fromkeys(self.bytes, gguf.TokenType.BYTE)
        kinds |= dict.fromkeys(model.user_defined, gguf.TokenType.USER_DEFINED)
        kinds |= dict.fromkeys(self.control, gguf.TokenType.CONTROL)
        writer.add_tokenizer_model("llama")
        writer.add_token_list(self.pieces)
        writer.add_token_scores([0.0] * len(self.pieces))
        writer.add_token_types([kinds.get(piece, gguf.TokenType.NORMAL) for piece in self.pieces])
        writer.add_unk_token_id(0)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(self.ids[model.stop])
        writer.add_add_bos_token(False)
        writer.add_add_space_prefix(model.adds_space_prefix)
        if model.template is not None:
            writer.add_chat_template(model.template)


def _steps(model: ScriptedModel, vocabulary: _Vocabulary) -> dict[tuple[int, int], int]:
    """Return the next token for each pair of consecutive tokens. Raises `AssertionError` if it is ambiguous."""
    steps: dict[tuple[int, int], int] = {}
    for end, script in {model.ends_with: model.script, **model.other_scripts}.items():
        parts = [part for piece in (*script, model.stop) for part in vocabulary.parts(piece)]
        chain = [*vocabulary.last_two(end), *(vocabulary.ids[part] for part in parts)]
        for before, here, after in zip(chain, chain[1:], chain[2:], strict=False):
            assert steps.setdefault((before, here), after) == after, f"ambiguous: {vocabulary.pieces[here]!r}"
    return steps


def _write_facts(writer: gguf.GGUFWriter, vocabulary: _Vocabulary) -> None:
    heads = vocabulary.width // HEAD
    writer.add_name("Scripted")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(4096)
    writer.add_embedding_length(vocabulary.width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HEAD)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HEAD)


def _write_tensors(writer: gguf.GGUFWriter, vocabulary: _Vocabulary, steps: dict[tuple[int, int], int]) -> None:
    size, half, width = len(vocabulary.pieces), vocabulary.half, vocabulary.width
    constant, rows = 2 * half, np.arange(size)
    embedding, output = _zeros(size, width), _zeros(size, width)
    embedding[rows, rows] = embedding[:, constant] = 1.0
    for (before, here), after in steps.items():
        output[after, here] = output[after, half + before] = GAP
    query, key, value, back = (_zeros(width, width) for _ in range(4))
    angles = 10000.0 ** (-np.arange(HEAD // 2) / (HEAD // 2))
    for head in range(width // HEAD):
        even = head * HEAD + 2 * np.arange(HEAD // 2)
        query[even, constant] = SHARPNESS
        key[even, constant], key[even + 1, constant] = np.cos(angles), np.sin(angles)
    value[np.arange(half), np.arange(half)] = 1.0
    back[half + np.arange(half), np.arange(half)] = 1.0
    ones = np.ones(width, np.float32)
    for name, tensor in (
        ("token_embd", embedding), ("output", output), ("output_norm", ones), ("blk.0.attn_norm", ones),
        ("blk.0.ffn_norm", ones), ("blk.0.attn_q", query), ("blk.0.attn_k", key), ("blk.0.attn_v", value),
        ("blk.0.attn_output", back), ("blk.0.ffn_gate", _zeros(HEAD, width)), ("blk.0.ffn_up", _zeros(HEAD, width)),
        ("blk.0.ffn_down", _zeros(width, HEAD)),
    ):  # fmt: skip
        writer.add_tensor(f"{name}.weight", tensor)


def _zeros(*shape: int) -> Floats:
    return np.zeros(shape, np.float32)
