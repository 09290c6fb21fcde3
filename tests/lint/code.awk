# Prints C files as FILE:LINE:CODE, without comments and with the insides of strings and characters blanked, so that
# grep sees code only. Names in #include "..." are kept. Lines without code are left out.
FNR == 1 { in_comment = 0 }
{
    line = $0
    keep_strings = line ~ /^[ \t]*#[ \t]*include/
    out = ""
    quote = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (in_comment) {
            if (two == "*/") { in_comment = 0; i++ }
        } else if (quote != "") {
            if (c == "\\") { i++ }
            else if (c == quote) { quote = ""; out = out c }
        } else if (two == "/*") { in_comment = 1; i++; out = out " " }
        else if (two == "//") { break }
        else {
            if ((c == "\"" || c == "'") && !keep_strings) { quote = c }
            out = out c
        }
    }
    if (out ~ /[^ \t]/) { print FILENAME ":" FNR ":" out }
}
