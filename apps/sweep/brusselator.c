/* Following an orbit with CVODE: BDF, as it is stiff, with Newton's method and the exact Jacobian.
 *
 * The equations are written in u = x - a and v = y - b / a, in which the point of rest is 0, so that a push is followed
 * with the same relative accuracy however small it has become. Once a turn the orbit crosses u = 0 upwards; where (v)
 * and when it does says what becomes of it: if v repeats itself, the orbit is a cycle. */
#include "brusselator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

static const double push = 0.01;          /* of b / a */
static const double at_rest = 0.01;       /* of the push */
static const double same = 5e-4;          /* change of v in a turn on a cycle */
static const double relative = 1e-5;      /* tolerance of the solver */
static const double absolute = 1e-7;      /* of the push: far less than what counts as rest */
static const uint32_t most_steps = 20000; /* near the line nothing else ends it */
static const int most_failures = 40;      /* of a step, each of which shortens it: bursts are sudden */

struct brusselator {
    point p;
    double size[2][2]; /* of what is left of a push: the length of this times (u, v) */
    SUNContext context;
    N_Vector state; /* u, v */
    SUNMatrix matrix;
    SUNLinearSolver linear;
    void *cvode;
};

static int derivative(sunrealtype t, N_Vector state, N_Vector rate, void *arg) {
    (void)t;
    const point *p = &((brusselator *)arg)->p;
    const double *y = N_VGetArrayPointer(state);
    double *f = N_VGetArrayPointer(rate), u = y[0], v = y[1];
    double bent = p->b / p->a * u * u + 2.0 * p->a * u * v + u * u * v; /* what is not linear */
    f[0] = (p->b - 1.0) * u + p->a * p->a * v + bent;
    f[1] = -p->b * u - p->a * p->a * v - bent;
    return 0;
}

static int jacobian(sunrealtype t, N_Vector state, N_Vector rate, SUNMatrix j, void *arg, N_Vector t1, N_Vector t2,
                    N_Vector t3) {
    (void)t, (void)rate, (void)t1, (void)t2, (void)t3;
    const point *p = &((brusselator *)arg)->p;
    const double *y = N_VGetArrayPointer(state);
    double by_u = 2.0 * (p->b / p->a * y[0] + p->a * y[1] + y[0] * y[1]), by_v = 2.0 * p->a * y[0] + y[0] * y[0];
    SM_ELEMENT_D(j, 0, 0) = p->b - 1.0 + by_u;
    SM_ELEMENT_D(j, 0, 1) = p->a * p->a + by_v;
    SM_ELEMENT_D(j, 1, 0) = -p->b - by_u;
    SM_ELEMENT_D(j, 1, 1) = -p->a * p->a - by_v;
    return 0;
}

static int crossing(sunrealtype t, N_Vector state, sunrealtype *g, void *arg) {
    (void)t, (void)arg;
    g[0] = N_VGetArrayPointer(state)[0];
    return 0;
}

/* The return code of the failed call says it all. */
static void keep_silent(int code, const char *module, const char *function, char *text, void *arg) {
    (void)code, (void)module, (void)function, (void)text, (void)arg;
}

static bool set_up(brusselator *s) {
    int upwards = 1;
    return CVodeInit(s->cvode, derivative, 0.0, s->state) == CV_SUCCESS &&
           CVodeSetErrHandlerFn(s->cvode, keep_silent, NULL) == CV_SUCCESS &&
           CVodeSetUserData(s->cvode, s) == CV_SUCCESS &&
           CVodeSetMaxErrTestFails(s->cvode, most_failures) == CV_SUCCESS &&
           CVodeSetMaxConvFails(s->cvode, most_failures) == CV_SUCCESS &&
           CVodeSetLinearSolver(s->cvode, s->linear, s->matrix) == CV_SUCCESS &&
           CVodeSetJacFn(s->cvode, jacobian) == CV_SUCCESS && CVodeRootInit(s->cvode, 1, crossing) == CV_SUCCESS &&
           CVodeSetRootDirection(s->cvode, &upwards) == CV_SUCCESS;
}

brusselator *brusselator_open(void) {
    brusselator *s = calloc(1, sizeof *s);
    if (!s || SUNContext_Create(NULL, &s->context) != 0) {
        free(s);
        return NULL;
    }
    s->state = N_VNew_Serial(2, s->context);
    s->matrix = SUNDenseMatrix(2, 2, s->context);
    s->linear = s->state && s->matrix ? SUNLinSol_Dense(s->state, s->matrix, s->context) : NULL;
    s->cvode = CVodeCreate(CV_BDF, s->context);
    if (s->linear && s->cvode && set_up(s))
        return s;
    brusselator_close(s);
    return NULL;
}

void brusselator_close(brusselator *s) {
    if (!s)
        return;
    if (s->cvode)
        CVodeFree(&s->cvode);
    if (s->linear)
        SUNLinSolFree(s->linear);
    if (s->matrix)
        SUNMatDestroy(s->matrix);
    if (s->state)
        N_VDestroy(s->state);
    SUNContext_Free(&s->context);
    free(s);
}

/* Near rest the motion is linear. Coordinates in which a push dies evenly make the time that it takes the same wherever
 * in a turn it is looked at: where it winds inwards, those in which that is a circle; where it goes straight, the part
 * of the slower of the two motions. */
static void choose_size(brusselator *s) {
    double a2 = s->p.a * s->p.a, mean = 0.5 * (s->p.b - 1.0 - a2), root = mean * mean - a2; /* of the eigenvalues */
    if (root < 0.0) {
        double turning = sqrt(-root);
        memcpy(s->size, (double[2][2]){{1.0, 0.0}, {(s->p.b - 1.0 - mean) / turning, a2 / turning}}, sizeof s->size);
    } else {
        double slow = mean + sqrt(root);
        memcpy(s->size, (double[2][2]){{s->p.b, s->p.b - 1.0 - slow}, {0.0, 0.0}}, sizeof s->size);
    }
}

static double size_of(const brusselator *s, const double y[2]) {
    return hypot(s->size[0][0] * y[0] + s->size[0][1] * y[1], s->size[1][0] * y[0] + s->size[1][1] * y[1]);
}

/* Where a turn of the orbit began, and how far it went. */
typedef struct turn {
    double t, v, top;
} turn;

/* The orbit has crossed u = 0 upwards at t, v. */
static void take_turn(orbit *o, turn *last, double t, double v, double pushed) {
    if (last->t <= 0.0)
        o->growth = log(v / pushed);
    if (v < at_rest * pushed)
        o->fate = FATE_REST;
    else if (fabs(v - last->v) < same * v)
        o->fate = FATE_CYCLE;
    o->time = t - last->t;
    if (v < last->v && o->fate != FATE_CYCLE)
        o->time /= log(last->v / v);
    o->peak = last->top;
    *last = (turn){t, v, 0.0};
}

/* Steps on until the orbit has come to rest or repeats itself. */
static int follow(brusselator *s, double pushed, orbit *o) {
    double *y = N_VGetArrayPointer(s->state), t = 0.0;
    double since = 0.0, size_then = size_of(s, y); /* from when on its dying is timed */
    turn last = {.v = pushed};
    int code = CV_SUCCESS;
    while (code >= 0 && o->fate == FATE_NONE && o->steps < most_steps) {
        code = CVode(s->cvode, 1.0, s->state, &t, CV_ONE_STEP); /* 1.0 says no more than: forwards */
        double far = hypot(y[0], y[1]);
        o->steps++;
        last.top = fmax(last.top, y[0]);
        if (code == CV_ROOT_RETURN && y[1] > 0.0) {
            take_turn(o, &last, t, y[1], pushed);
        } else if (far < 0.01 * at_rest * pushed) { /* it goes straight, or its turns are too wide to wait for */
            o->fate = FATE_REST;
            o->time = (t - since) / log(size_then / size_of(s, y));
        } else if (far > at_rest * pushed) {
            since = t; /* by the last of these all but the slowest motion has died */
            size_then = size_of(s, y);
        }
    }
    if (o->fate == FATE_NONE) /* too near the line to wait for the end: it is seen by now where it goes */
        o->fate = last.v < pushed ? FATE_REST : FATE_CYCLE;
    return code;
}

const char *brusselator_follow(brusselator *s, point p, orbit *o) {
    double pushed = push * p.b / p.a;
    double *y = N_VGetArrayPointer(s->state);
    *o = (orbit){.growth = -1.0};
    s->p = p;
    choose_size(s);
    y[0] = 0.0;
    y[1] = pushed;
    int code = CVodeReInit(s->cvode, 0.0, s->state);
    if (code >= 0)
        code = CVodeSStolerances(s->cvode, relative, absolute * pushed);
    if (code >= 0)
        code = follow(s, pushed, o);
    o->peak = o->fate == FATE_CYCLE ? p.a + o->peak : p.a;
    return code >= 0 ? NULL : code == CV_MEM_FAIL ? "out of memory" : "the solver gave up";
}
