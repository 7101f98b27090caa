"""Which candidates matter most for a query: lexical, dense and fused relevance. Pure, no I/O."""
