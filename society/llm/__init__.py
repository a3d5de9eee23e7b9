"""Language models behind one ``await ask(request) -> answer``; store, budget and gate wrap it and have its shape."""
