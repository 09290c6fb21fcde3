/* Prints the command lines that `dmap run ARGUMENT...` would run, one a line, as --dry-run does: for a comparison with
 * GNU parallel that needs neither workers nor a pool. {%} stays as it is. */
#include <poll.h>
#include <stdio.h>

#include "run/command/template.h"
#include "run/input/inputs.h"
#include "run/options/options.h"

static int complain(const char *error) {
    fprintf(stderr, "compose: %s\n", error);
    return 255;
}

typedef struct measured {
    const run_options *options;
    run_inputs *inputs;
    const run_template *template;
} measured;

static size_t measure(void *arg, const run_values *values) {
    const measured *m = arg;
    run_values repeated = *values;
    run_text command = {0};
    repeated.repeat = m->options->grouped;
    run_template_compose(m->template, &repeated, run_inputs_names(m->inputs), 1, 1, &command);
    size_t size = command.size;
    run_text_free(&command);
    return size;
}

static int print_all(const run_options *options, run_inputs *inputs, run_template *template) {
    char error[256];
    run_text command = {0};
    run_values values;
    int got;
    if (run_template_error(template))
        return complain(run_template_error(template));
    measured m = {options, inputs, template};
    run_inputs_measure_by(inputs, measure, &m, run_options_jobs(options, 2));
    if (run_template_uses_total(template))
        run_template_set_total(template, run_inputs_total(inputs));
    for (uint64_t seq = 1; (got = run_inputs_next(inputs, &values, error, sizeof error)) > RUN_INPUT_END;) {
        if (got != RUN_INPUT_JOB) {
            poll(NULL, 0, 1);
            continue;
        }
        run_text_clear(&command);
        run_template_compose(template, &values, run_inputs_names(inputs), seq++, 0, &command);
        if (!options->quiet) {
            fwrite(command.data ? command.data : "", 1, command.size, stdout);
            putchar('\n');
        }
    }
    run_text_free(&command);
    return got == RUN_INPUT_ERROR ? complain(error) : 0;
}

int main(int argc, char **argv) {
    run_options options;
    char error[256];
    run_inputs *inputs = NULL;
    run_template *template = NULL;
    int status = run_options_parse(argc - 1, argv + 1, &options, error, sizeof error);
    if (status == 0 && options.help)
        run_options_print_help();
    else if (status == 0 && (inputs = run_inputs_open(&options, error, sizeof error)) &&
             (template = run_template_parse(options.command, options.n_command, true, &options.style)))
        status = print_all(&options, inputs, template);
    else
        status = complain(error);
    run_template_free(template);
    run_inputs_close(inputs);
    run_options_free(&options);
    return status;
}
