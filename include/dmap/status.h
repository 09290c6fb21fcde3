/* Statuses: one table makes the enumerators, their names and their texts. Values are never reused. */
#ifndef DMAP_STATUS_H
#define DMAP_STATUS_H

#if defined(__GNUC__)
#define DMAP_API __attribute__((visibility("default")))
#else
#define DMAP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DMAP_STATUS_TABLE(X)                                                                                           \
    X(OK, 0, "done")                                                                                                   \
    X(EINVAL, 1, "an argument is not valid")                                                                           \
    X(ENOMEM, 2, "out of memory")                                                                                      \
    X(EMPI, 3, "MPI failed")                                                                                           \
    X(EMISMATCH, 4, "the ranks do not run the same program")                                                           \
    X(EITEM, 5, "an item failed")                                                                                      \
    X(ETIMEOUT, 6, "the time was over")                                                                                \
    X(ECANCELLED, 7, "the call was stopped")                                                                           \
    X(ELOST, 8, "a rank was lost")                                                                                     \
    X(EIO, 9, "reading or writing failed")                                                                             \
    X(EUNSUPPORTED, 10, "not supported by this version or machine")                                                    \
    X(END, 11, "there is no more")                                                                                     \
    X(PENDING, 12, "not yet")

typedef enum dmap_status {
#define DMAP_STATUS_ENUM(name, value, text) DMAP_##name = value,
    DMAP_STATUS_TABLE(DMAP_STATUS_ENUM)
#undef DMAP_STATUS_ENUM
} dmap_status;

/** "DMAP_EITEM"; "DMAP_?" for an unknown value. Called by: any thread. */
DMAP_API const char *dmap_status_name(dmap_status status);
/** "an item failed"; "unknown status" for an unknown value. Called by: any thread. */
DMAP_API const char *dmap_status_text(dmap_status status);

#ifdef __cplusplus
}
#endif
#endif
