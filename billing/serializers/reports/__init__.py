"""Reports as the API shows them: as JSON, and as tables for CSV with plain columns and amounts in major units."""
