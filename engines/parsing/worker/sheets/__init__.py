"""Reading of sheets: number formats, merged cells and the file formats of workbooks."""
