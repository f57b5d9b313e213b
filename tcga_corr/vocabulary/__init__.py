"""What everything is called: tumor types, barcodes, symbols, gene sets, methods, columns."""
