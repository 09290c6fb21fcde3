# Manual pages of section 3 from the public headers: one a header, with what the header says, word by word, and one for
# each of its functions, that leads there.
# usage: awk -v out=FOLDER -v version=X.Y.Z -f manual.awk HEADER...

BEGIN {
    split("call=dmap_call channel=dmap_channel dmap=dmap_map mpi=dmap_open place=dmap_places process=dmap_process " \
          "report=dmap_report results=dmap_results status=dmap_status task=dmap_task", pairs, " ")
    for (i in pairs) {
        split(pairs[i], pair, "=")
        page_of[pair[1]] = pair[2]
    }
}

# What troff would take for its own.
function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text ~ /^[.']/ ? "\\&" text : text
}

function end_page(    i, n, names) {
    if (!header)
        return
    for (i = 1; i <= n_functions; i++) {
        names = names (i > 1 ? ", " : "") functions[i]
        if (functions[i] != page) {
            print ".so man3/" page ".3" >(out "/" functions[i] ".3")
            close(out "/" functions[i] ".3")
        }
    }
    if (names == "")
        names = page
    file = out "/" page ".3"
    printf ".TH %s 3 \"\" \"dmap %s\" \"dmap\"\n.SH NAME\n%s \\- %s\n", toupper(page), version, names, escape(title) >file
    printf ".SH SYNOPSIS\n.nf\n#include <dmap/%s.h>\n.fi\n.SH DESCRIPTION\n.nf\n%s", header, about >file
    printf ".fi\n.SH DECLARATIONS\n.nf\n%s.fi\n.SH SEE ALSO\n", body >file
    n = split("dmap_call dmap_channel dmap_map dmap_open dmap_places dmap_process dmap_report dmap_results " \
              "dmap_status dmap_task", others, " ")
    for (i = 1; i <= n; i++)
        if (others[i] != page)
            printf ".BR %s (3),\n", others[i] >file
    printf ".BR dmap (7)\n" >file
    close(file)
}

FNR == 1 {
    end_page()
    header = FILENAME
    sub(/^.*\//, "", header)
    sub(/\.h$/, "", header)
    page = page_of[header]
    if (page == "") {
        print "manual.awk: " FILENAME " has no page" >"/dev/stderr"
        exit failed = 1
    }
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

END {
    if (!failed)
        end_page()
    exit failed
}
