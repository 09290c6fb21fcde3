# Manual pages of section 3 from the public headers: one a header, with what the header says, word by word, and one for
# each of its functions, that leads there.
# usage: awk -v out=FOLDER -v version=X.Y.Z -f manual.awk HEADER...

# A page has the name of a function of its header, most often of the one that one would ask for.
BEGIN {
    page_of["dmap"] = "dmap_map"
    page_of["mpi"] = "dmap_open"
    page_of["place"] = "dmap_places"
    for (i = 1; i < ARGC; i++)
        pages[i] = page(ARGV[i])
}

function page(file) {
    sub(/^.*\//, "", file)
    sub(/\.h$/, "", file)
    return file in page_of ? page_of[file] : "dmap_" file
}

# What troff would take for its own.
function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text ~ /^[.']/ ? "\\&" text : text
}

function end_page(    i, names) {
    if (!header)
        return
    for (i = 1; i <= n_functions; i++) {
        names = names (i > 1 ? ", " : "") functions[i]
        if (functions[i] != name_of_page) {
            print ".so man3/" name_of_page ".3" >(out "/" functions[i] ".3")
            close(out "/" functions[i] ".3")
        }
    }
    if (names == "")
        names = name_of_page
    file = out "/" name_of_page ".3"
    printf ".TH %s 3 \"\" \"dmap %s\" \"dmap\"\n.SH NAME\n%s \\- %s\n", toupper(name_of_page), version, names, escape(title) >file
    printf ".SH SYNOPSIS\n.nf\n#include <dmap/%s.h>\n.fi\n.SH DESCRIPTION\n.nf\n%s", header, about >file
    printf ".fi\n.SH DECLARATIONS\n.nf\n%s.fi\n.SH SEE ALSO\n", body >file
    for (i = 1; i < ARGC; i++)
        if (pages[i] != name_of_page)
            printf ".BR %s (3),\n", pages[i] >file
    printf ".BR dmap (7)\n" >file
    close(file)
}

FNR == 1 {
    end_page()
    header = FILENAME
    sub(/^.*\//, "", header)
    sub(/\.h$/, "", header)
    name_of_page = page(FILENAME)
    about = body = title = ""
    n_functions = blank = 0
    inside = 1
}

# The comment at the top.
inside {
    line = $0
    sub(/^\/\* ?/, "", line)
    sub(/^ \* ?/, "", line)
    done = sub(/ ?\*\/$/, "", line)
    if (FNR == 1) {
        title = line
        sub(/\. .*$/, "", title)
        sub(/[.:]$/, "", title)
        sub(/^dmap: /, "", title)
    }
    about = about escape(line) "\n"
    inside = !done
    next
}

# What a reader is not told: how C++ and the compiler are talked to.
/^#ifdef __cplusplus/ { skip = 1 }
skip {
    if (/^#endif/)
        skip = 0
    next
}
/^#(ifndef|endif|define DMAP_[A-Z_]+_H$)/ { next }
/^$/ { blank = 1; next }
{
    if (/^DMAP_API /) {
        name = $0
        sub(/\(.*$/, "", name)
        sub(/^.*[ *]/, "", name)
        if (name ~ /^dmap_/)
            functions[++n_functions] = name
    }
    line = $0
    sub(/^DMAP_API /, "", line)
    body = body (blank && body != "" ? "\n" : "") escape(line) "\n"
    blank = 0
}

END { end_page() }
