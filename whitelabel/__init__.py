"""How documents look: logo, colours, company block, footer, terms, numbering."""
