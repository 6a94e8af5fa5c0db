"""Chat templates in the shapes of model families, with the families' own markers and variables."""

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""Qwen 2.5, SmolLM2 and many others: no reasoning."""

OFF_BY_FALSE = (
    CHATML + "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
)
"""Qwen 3: reasons unless `enable_thinking` is false."""

ON_BY_TRUE = CHATML + "{% if thinking %}{{ '<think>' }}{% else %}{{ '</think>' }}{% endif %}"
"""DeepSeek V3.1: reasons only if `thinking` is true."""

BY_EFFORT = (
    "{% if reasoning_effort is not defined %}{% set reasoning_effort = 'no_think' %}"
    "{% elif reasoning_effort not in ['high', 'low', 'no_think'] %}{{ raise_exception('unknown effort') }}{% endif %}"
    + CHATML
    + "{{ '<think:x></think:x>' if reasoning_effort == 'no_think' else '<think:x>' }}"
)
"""Hunyuan: the effort must be one of three words."""

BY_MODE = CHATML + (
    "{% if thinking_mode is defined and thinking_mode == 'disabled' %}{{ '</mm:think>' }}"
    "{% elif thinking_mode is defined and thinking_mode == 'enabled' %}{{ '<mm:think>' }}{% endif %}"
)
"""MiniMax M3: a mode. By default the model decides whether it reasons."""

BY_BUDGET = CHATML + "{% if thinking_budget == 0 %}{{ '<seed:think>none</seed:think>' }}{% endif %}"
"""Seed-OSS: a budget of 0 tokens switches reasoning off."""

BY_INSTRUCTION = (
    "{% set ns = namespace(on=true) %}{% for m in messages %}{% if '/no_think' in m['content'] %}{% set ns.on = false %}"
    "{% endif %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'].replace('/no_think', '') + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n<think>' + ('' if ns.on else '</think>') }}"
)
"""Nemotron Nano 2: an instruction in the system message."""

BY_NEGATION = CHATML + "{{ '<think></think>' if disable_thinking else '<think>' }}"
"""A variable that switches reasoning off if it is true."""

ALWAYS_OPEN = CHATML + "{{ '<think>\n' }}{# ends with </think> #}"
"""DeepSeek R1: the prompt always opens the reasoning."""

TAGS_IN_HISTORY = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}{% if m.reasoning_content %}"
    "{{ '«' + m.reasoning_content + '»\n' }}{% endif %}{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""A model with unusual markers, which are detected because the template renders earlier reasoning."""

HARMONY = (
    "{% for m in messages %}"
    "{% if m['role'] == 'assistant' and '<|channel|>' in m['content'] %}{{ raise_exception('markup') }}{% endif %}"
    "{{ '<|start|>' + m['role'] + ('<|channel|>final' if m['role'] == 'assistant' else '') + '<|message|>' + m['content'] }}"
    "{{ '<|end|>' }}{% endfor %}{{ '<|start|>assistant' }}"
)
"""gpt-oss: reasoning and answer are channels."""

RECIPIENTS = (
    "{% for m in messages %}{% if m.reasoning_content %}"
    "{{ '<|start|>assistant to=self<|message|>' + m.reasoning_content + '<|eom|>' }}{% endif %}"
    "{{ '<|start|>' + m['role'] + (' to=user' if m['role'] == 'assistant' else '') }}"
    "{{ '<|message|>' + m['content'] + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"
)
"""Muse: reasoning is a message of the assistant to itself."""

FINAL_RESPONSE = CHATML + "{{ 'Here are my reasoning steps:\n' }}{# then [BEGIN FINAL RESPONSE] #}"
"""Apriel: the reasoning ends where the final response begins."""

STRICT_ROLES = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles') }}{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
"""Gemma 2 and Mistral: no system role; user and assistant must alternate."""
