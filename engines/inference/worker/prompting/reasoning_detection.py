"""Detects the format of a model's reasoning from its chat template and vocabulary.

Three sources are combined. First, the formats of some model families are listed here, because no rule finds them. Second, a
template may render the reasoning of an earlier answer between its markers: a conversation with reasoning is rendered and
compared with one without. Third, pairs of tags with names such as `think` are searched for in the template and among the
special tokens. A tag that is found but never generated does no harm, because a marker that opens reasoning counts only at
the beginning of the output.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engines.inference.worker.prompting.chat_template import ANSWER_PROBE, USER_PROBE, ChatTemplate
from engines.inference.worker.prompting.template_sandbox import TemplateFailed
from engines.inference.worker.prompting.thinking_switch import boolean_values, boolean_variables
from engines.inference.worker.streaming.reasoning_format import Block, ReasoningFormat

REASONING_PROBE = "Cogito 27fd04."

HARMONY = ReasoningFormat(
    blocks=(Block("<|channel|>analysis<|message|>", "<|end|>"),),
    answer_openings=("<|channel|>final<|message|>", "<|channel|>commentary<|message|>"),
    answer_closings=("<|end|>", "<|return|>"),
    headers=("<|start|>assistant",),
    is_strict=True,
)
"""gpt-oss. Source: https://cookbook.openai.com/articles/openai-harmony"""

KIMI_K3 = ReasoningFormat(
    blocks=(Block("<|open|>think<|sep|>", "<|close|>think<|sep|>"),),
    answer_openings=("<|open|>response<|sep|>",),
    answer_closings=("<|close|>response<|sep|>",),
    is_strict=True,
)

SOLAR = ReasoningFormat(
    blocks=(Block("<|think|>", "<|end|>"),),
    answer_openings=("<|content|>",),
    answer_closings=("<|end|>",),
    headers=("<|begin|>assistant",),
    is_strict=True,
)

MUSE = ReasoningFormat(
    blocks=(Block("to=self<|message|>", "<|eom|>"),),
    answer_openings=("to=user<|message|>",),
    answer_closings=("<|eot|>", "<|eom|>"),
    headers=("<|start|>assistant",),
    is_strict=True,
)

_LISTED = (
    (("<|channel|>", "<|message|>"), HARMONY),
    (("<|open|>", "<|close|>", "<|sep|>"), KIMI_K3),
    (("<|think|>", "<|content|>", "<|begin|>", "<|end|>"), SOLAR),
    (("<|eom|>", "<|message|>", "<|start|>", " to="), MUSE),
)
"""Pairs of markers and a format. A model has the format if its template and special tokens contain all the markers."""

_LISTED_BLOCKS = (
    # Gemma 4
    (("<|channel>", "<channel|>"), Block("<|channel>thought", "<channel|>")),
    # Apriel 1.5 and 1.6
    (("[BEGIN FINAL RESPONSE]",), Block("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]", opens_answer=True)),
)

_REASONING_NAMES = frozenset({"think", "thinking", "thought", "thoughts", "reasoning", "reason", "cot", "inner"})
_ANSWER_NAMES = frozenset({"answer", "response", "solution", "text"})
_COUNTERPARTS = (("begin", "end"), ("start", "end"), ("prefix", "suffix"), ("open", "close"))
"""Words that distinguish opening tags from closing tags, as in `<|begin_think|>` and `<|end_think|>`."""

_TAG = re.compile(r"[<\[◁⟨][|｜]?/?[A-Za-z][\w:▁-]*[|｜]?[>\]▷⟩]")
_WORDS = re.compile(r"[A-Za-z]+")


def detect_format(template: ChatTemplate, special_texts: Collection[str]) -> ReasoningFormat | None:
    """Return the model's reasoning format; None if there is no sign of one.

    `special_texts` are the texts of control tokens and user-defined tokens.
    """
    haystack = "\n".join((template.source, *special_texts))
    for markers, listed in _LISTED:
        if all(marker in haystack for marker in markers):
            return listed
    compared = _compare(template)
    if compared is not None and compared.is_strict:
        return compared
    tags = set(_tags(haystack))
    blocks = [*(compared.blocks if compared else ()), *_pairs(tags, _REASONING_NAMES), *_closed_only(tags)]
    blocks += [block for markers, block in _LISTED_BLOCKS if all(marker in haystack for marker in markers)]
    if not blocks:
        return None
    answers = [(block.opening, block.closing) for block in _pairs(tags, _ANSWER_NAMES)]
    openings = [*(compared.answer_openings if compared else ()), *(opening for opening, _ in answers)]
    closings = [*(compared.answer_closings if compared else ()), *(closing for _, closing in answers)]
    closings += ["[END FINAL RESPONSE]"] if any(block.opens_answer for block in blocks) else []
    return ReasoningFormat(tuple(dict.fromkeys(blocks)), tuple(dict.fromkeys(openings)), tuple(dict.fromkeys(closings)))


# ── pairs of tags ──


def _tags(text: str) -> Iterator[str]:
    return (found[0] for found in _TAG.finditer(text))


def _pairs(tags: Collection[str], names: frozenset[str]) -> Iterator[Block]:
    """Yield each opening tag together with its closing tag, if both are in `tags` and their name is one of `names`.

    For the name `think`, such a pair is `<think>` and `</think>`.
    """
    for tag in sorted(tags):
        if _is_named(tag, names):
            yield from (Block(tag, closing) for closing in _counterparts(tag) if closing in tags)


def _closed_only(tags: Collection[str]) -> Iterator[Block]:
    """Yield a pair for each closing tag of reasoning, such as `</think>`, even if its opening tag is not in `tags`.

    A template that removes earlier reasoning may contain the closing tag alone.
    """
    for tag in sorted(tags):
        opening = tag.replace("/", "", 1)
        if opening != tag and _is_named(opening, _REASONING_NAMES):
            yield Block(opening, tag)


def _is_named(tag: str, names: frozenset[str]) -> bool:
    """Return whether the name of a tag is one of `names`.

    A namespace before the name (`<seed:think>`) and words of `_COUNTERPARTS` beside it (`<begin_of_thought>`) are allowed.
    """
    body = tag.strip("<>[]|｜◁▷⟨⟩")
    parts = [part for part in re.split(r"[:_▁ ]", body.lower()) if part]
    allowed = names | {word for pair in _COUNTERPARTS for word in pair} | {"of"}
    own = [part for part in parts if part in names]
    if ":" in body:
        return bool(own)
    return bool(own) and all(part in allowed for part in parts)


def _counterparts(tag: str) -> Iterator[str]:
    """Yield the closing tags that an opening tag may have: `</x>`, `<|/x|>`, `<|end_x|>`, `<x_suffix>` and so on."""
    bracket = re.match(r"[<\[◁⟨][|｜]?", tag)
    if bracket and not tag[bracket.end() :].startswith("/"):
        yield f"{bracket[0]}/{tag[bracket.end() :]}"
        yield f"{bracket[0][0]}/{tag[1:]}"
    for begin, end in _COUNTERPARTS:
        for one, other in ((begin, end), (begin.upper(), end.upper()), (begin.title(), end.title())):
            if one in _WORDS.findall(tag):
                yield re.sub(rf"(?<![A-Za-z]){one}(?![A-Za-z])", other, tag)


# ── comparison of rendered conversations ──


def _compare(template: ChatTemplate) -> ReasoningFormat | None:
    """Derive the format from how the template renders an answer with reasoning and one without."""
    values = boolean_values(boolean_variables(template), thinking=True)
    try:
        prompt = template.render([("user", USER_PROBE)], values).rpartition(USER_PROBE)[2]
        plain = _render_answer(template, {"content": ANSWER_PROBE}, values)
        with_reasoning = _render_with_reasoning(template, values)
    except TemplateFailed:
        return None
    if with_reasoning is None or ANSWER_PROBE not in plain:
        return None
    before, rest = with_reasoning.split(REASONING_PROBE, 1)
    between, after = rest.split(ANSWER_PROBE, 1)
    return _format(prompt, plain.partition(ANSWER_PROBE)[0], before, between, after)


def _render_answer(template: ChatTemplate, answer: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Render a user's message and `answer`, and return the text after the user's message."""
    records = [{"role": "user", "content": USER_PROBE}, {"role": "assistant", **answer}]
    return template.render_records(records, {**values, "add_generation_prompt": False}).partition(USER_PROBE)[2]


def _render_with_reasoning(template: ChatTemplate, values: Mapping[str, Any]) -> str | None:
    """Render an answer with reasoning and return the text after the user's message.

    The reasoning is passed in each of the keys and forms that templates read. Return None if none of them renders it.
    """
    keys = dict.fromkeys(("reasoning_content", "reasoning", "thinking", "thought"), REASONING_PROBE)
    parts = [{"type": "thinking", "thinking": REASONING_PROBE}, {"type": "text", "text": ANSWER_PROBE}]
    for answer in ({"content": ANSWER_PROBE, **keys}, {"content": parts}):
        try:
            rendered = _render_answer(template, answer, values)
        except TemplateFailed:
            continue
        is_dumped = "'type'" in rendered or '"type"' in rendered
        if 0 <= rendered.find(REASONING_PROBE) < rendered.find(ANSWER_PROBE) and not is_dumped:
            return rendered
    return None


def _format(prompt: str, plain: str, before: str, between: str, after: str) -> ReasoningFormat | None:
    """Derive the format from rendered texts; return None if they contain no markers of reasoning.

    All texts follow the user's message. `prompt` ends where the answer begins. `plain` ends before an answer without
    reasoning. In a conversation with reasoning, `before` precedes the reasoning, `between` separates it from the answer,
    and `after` follows the answer.
    """
    if plain.startswith(prompt) and plain != prompt:
        answer_opening = plain[len(prompt) :].strip()
    else:
        answer_opening = _behind_common(plain, before).strip()
    closing, header = between.strip(), ""
    if answer_opening and answer_opening != closing and closing.endswith(answer_opening):
        closing = closing.removesuffix(answer_opening).rstrip()
        header = _header(prompt, closing)
        closing = closing.removesuffix(header).rstrip()
    else:
        answer_opening = ""
    opening = _opening(prompt, plain, before, closing).strip()
    if not opening or not closing:
        return None
    end = _tokens(after.strip())[:1] if answer_opening else []
    return ReasoningFormat(
        blocks=(Block(opening, closing),),
        answer_openings=(answer_opening,) if answer_opening else (),
        answer_closings=tuple(end),
        headers=(header,) if header else (),
        is_strict=bool(header),
    )


def _opening(prompt: str, plain: str, before: str, closing: str) -> str:
    """Return the text in front of the reasoning, without the text with which every answer begins."""
    if before.startswith(prompt) and before != prompt:
        return before[len(prompt) :]
    if prompt.startswith(before) and prompt[len(before) :].strip() not in ("", closing):
        return prompt[len(before) :]
    tags = (token for token in reversed(_tokens(before)) if closing in _counterparts(token))
    return _behind_common(before, plain) or next(tags, "")


def _header(prompt: str, closing: str) -> str:
    """Return the longest text that both `prompt` and `closing` end with, and that is shorter than `closing`.

    Return an empty string if there is none.
    """
    tokens = _tokens(prompt.strip())
    for start in range(len(tokens)):
        header = "".join(tokens[start:])
        if closing.endswith(header) and closing != header:
            return header
    return ""


def _behind_common(text: str, other: str) -> str:
    """Return `text` without the tokens that both texts begin with."""
    tokens, others = _tokens(text), _tokens(other)
    common = 0
    while common < min(len(tokens), len(others)) and tokens[common] == others[common]:
        common += 1
    return "".join(tokens[common:])


def _tokens(text: str) -> list[str]:
    """Split a text into tags, words and whitespace, so that texts are compared by whole tags, not by letters."""
    return re.findall(r"<[^<>\s]*>|\[[^\[\]\s]*\]|\s+|[^\s<\[]+|.", text)
