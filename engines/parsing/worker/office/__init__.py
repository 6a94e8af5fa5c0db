"""Office Open XML: packages, Word documents, slides and drawings. Old formats are converted by LibreOffice."""
