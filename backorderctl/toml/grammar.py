"""The tokens of TOML 1.0 as regular expressions, to build patterns from."""

BARE = r"[A-Za-z0-9_-]+"
BASIC = r'"(?:[^"\\\n]|\\.)*+"'
LITERAL = r"'[^'\n]*+'"
MULTILINE = r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"{3,5}' + r"|'''(?:[^']|'(?!''))*+'{3,5}"
KEY_PART = rf"(?:{BARE}+|{BASIC}|{LITERAL})"
DOT = r"[ \t]*+\.[ \t]*+"
FLAT = r"""[^\]\[{}"'#\n]*+(?:(?:"[^"\\\n]++"|'[^'\n]++')[^\]\[{}"'#\n]*+)*+"""
"""What is between the brackets of an array or inline table on one line that contains no other."""
