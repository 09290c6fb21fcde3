#include <dmap/status.h>

const char *dmap_status_name(dmap_status status) {
    switch (status) {
#define DMAP_STATUS_NAME(name, value, text)                                                                            \
    case DMAP_##name:                                                                                                  \
        return "DMAP_" #name;
        DMAP_STATUS_TABLE(DMAP_STATUS_NAME)
#undef DMAP_STATUS_NAME
    }
    return "DMAP_?";
}

const char *dmap_status_text(dmap_status status) {
    switch (status) {
#define DMAP_STATUS_TEXT(name, value, text)                                                                            \
    case DMAP_##name:                                                                                                  \
        return text;
        DMAP_STATUS_TABLE(DMAP_STATUS_TEXT)
#undef DMAP_STATUS_TEXT
    }
    return "unknown status";
}
