"""Operations on values that all layers share: inheritance of settings, well-formed text."""
