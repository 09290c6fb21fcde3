/* Names of functions. The dynamic linker knows those that are exported; most tasks are static, so the symbol table of
 * the file is looked through as well, if it has one. All that is read from a file is checked against its size. Keeps no
 * state and no descriptor. */
#include "proc/symbol.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct image {
    const unsigned char *bytes;
    size_t size;
} image;

static bool has(const image *file, uint64_t offset, uint64_t size) {
    return offset <= file->size && size <= file->size - offset;
}

static bool open_image(const char *path, image *file) {
    struct stat info;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (descriptor >= 0 && fstat(descriptor, &info) == 0 && info.st_size > 0)
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (descriptor >= 0)
        close(descriptor);
    if (bytes == MAP_FAILED)
        return false;
    *file = (image){bytes, (size_t)info.st_size};
    return true;
}

static bool copy_name(const image *file, const ElfW(Shdr) * strings, uint64_t at, char *name, size_t size) {
    if (at >= strings->sh_size || !has(file, strings->sh_offset, strings->sh_size))
        return false;
    const char *text = (const char *)file->bytes + strings->sh_offset + at;
    snprintf(name, size, "%.*s", (int)strnlen(text, strings->sh_size - at < size ? strings->sh_size - at : size), text);
    return name[0] != '\0';
}

static bool find_in_table(const image *file, const ElfW(Shdr) * table, const ElfW(Shdr) * strings, uintptr_t address,
                          dmap__symbol *symbol) {
    if (!has(file, table->sh_offset, table->sh_size))
        return false;
    const ElfW(Sym) *symbols = (const void *)(file->bytes + table->sh_offset);
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        const ElfW(Sym) *s = &symbols[i];
        if ((s->st_info & 0xf) != STT_FUNC || address < s->st_value || address - s->st_value >= s->st_size)
            continue;
        symbol->offset = address - s->st_value;
        return copy_name(file, strings, s->st_name, symbol->name, sizeof symbol->name);
    }
    return false;
}

/* address: as if the file were loaded at `base`. */
static bool find_in_image(const image *file, uintptr_t address, uintptr_t base, dmap__symbol *symbol) {
    const ElfW(Ehdr) *head = (const void *)file->bytes;
    if (!has(file, 0, sizeof *head) || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
        head->e_shentsize != sizeof(ElfW(Shdr)) ||
        !has(file, head->e_shoff, (uint64_t)head->e_shnum * sizeof(ElfW(Shdr))))
        return false;
    const ElfW(Shdr) *sections = (const void *)(file->bytes + head->e_shoff);
    uintptr_t place = head->e_type == ET_DYN ? address - base : address;
    for (size_t i = 0; i < head->e_shnum; i++)
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < head->e_shnum &&
            find_in_table(file, &sections[i], &sections[sections[i].sh_link], place, symbol))
            return true;
    return false;
}

/* The program's own file may be known by a name that means nothing here. */
static const char *path_of(const Dl_info *info) {
    Dl_info program;
    void *head = (void *)getauxval(AT_PHDR);
    if (head && dladdr(head, &program) && program.dli_fbase == info->dli_fbase)
        return "/proc/self/exe";
    return info->dli_fname;
}

static bool find_in_file(const Dl_info *info, uintptr_t address, dmap__symbol *symbol) {
    image file;
    if (!open_image(path_of(info), &file))
        return false;
    bool found = find_in_image(&file, address, (uintptr_t)info->dli_fbase, symbol);
    munmap((void *)(uintptr_t)file.bytes, file.size);
    return found;
}

void dmap__symbol_find(uintptr_t address, dmap__symbol *symbol) {
    Dl_info info;
    *symbol = (dmap__symbol){.offset = address};
    if (!dladdr((const void *)address, &info))
        return;
    if (info.dli_sname) {
        symbol->offset = address - (uintptr_t)info.dli_saddr;
        snprintf(symbol->name, sizeof symbol->name, "%s", info.dli_sname);
    } else if (!find_in_file(&info, address, symbol)) {
        const char *slash = strrchr(info.dli_fname, '/');
        symbol->offset = address - (uintptr_t)info.dli_fbase;
        snprintf(symbol->name, sizeof symbol->name, "%s", slash ? slash + 1 : info.dli_fname);
    }
}
