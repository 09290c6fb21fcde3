/* A library that stands for NVIDIA's: one GPU is cut up into two instances, one into none, and the others are whole. */
#include <stdio.h>
#include <string.h>

enum { SUCCESS = 0, NOT_FOUND = 6, PLACES = 7 };

typedef struct made_up_device {
    const char *address, *uuid;
} made_up_device;

static const made_up_device gpus[] = {{"0000:3b:00.0", "GPU-1"}, {"0000:af:00.0", "GPU-2"}, {"0000:d8:00.0", "GPU-3"}};
static const made_up_device instances[] = {{"", "MIG-11111111-aaaa"}, {"", "MIG-11111111-bbbb"}};
static int begun;

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetHandleByPciBusId_v2(const char *address, const made_up_device **device);
int nvmlDeviceGetMigMode(const made_up_device *device, unsigned *current, unsigned *pending);
int nvmlDeviceGetMaxMigDeviceCount(const made_up_device *device, unsigned *count);
int nvmlDeviceGetMigDeviceHandleByIndex(const made_up_device *device, unsigned index, const made_up_device **instance);
int nvmlDeviceGetUUID(const made_up_device *device, char *uuid, unsigned size);

int nvmlInit_v2(void) {
    begun++;
    return SUCCESS;
}

int nvmlShutdown(void) {
    begun--;
    return SUCCESS;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *address, const made_up_device **device) {
    for (size_t i = 0; begun == 1 && i < sizeof gpus / sizeof gpus[0]; i++)
        if (strcmp(gpus[i].address, address) == 0) {
            *device = &gpus[i];
            return SUCCESS;
        }
    return NOT_FOUND;
}

int nvmlDeviceGetMigMode(const made_up_device *device, unsigned *current, unsigned *pending) {
    *current = *pending = device != &gpus[1];
    return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(const made_up_device *device, unsigned *count) {
    (void)device;
    *count = PLACES;
    return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(const made_up_device *device, unsigned index, const made_up_device **instance) {
    if (device != &gpus[0] || (index != 1 && index != 4))
        return NOT_FOUND;
    *instance = &instances[index == 4];
    return SUCCESS;
}

int nvmlDeviceGetUUID(const made_up_device *device, char *uuid, unsigned size) {
    return (unsigned)snprintf(uuid, size, "%s", device->uuid) < size ? SUCCESS : NOT_FOUND;
}
