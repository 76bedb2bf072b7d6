"""The press: a child process that turns HTML into PDF and may be killed at any time.

The child (`python -m invoices.press`) imports neither Django nor anything of ours but this package,
has no secrets in its environment, and serves to what it renders nothing but what came with the
request. Parent and child speak frames over pipes: four bytes of length, then as many bytes.
"""
