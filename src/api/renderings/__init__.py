"""How what is known becomes an answer: one module per thing, beside its shape in bodies."""
