/* pinyin/reader.c -- the model that a verb works with. */
#include "pinyin.h"

#define INSTALLED "pinyin/zh.safetensors"

rf_status py_reader_open(py_reader *x, rf_session *s, const rf_run *r, rf_error *err)
{
    char path[4096];
    const char *name = r->model;
    *x = (py_reader){0};
    if (!name) {
        if (s->host->data_path(s->host, INSTALLED, path, sizeof path))
            return rf_fail(err, RF_EINVAL, "--model: is needed, as no " INSTALLED " is installed");
        name = path;
    }
    x->m = py_model_read(name, err);
    if (!x->m) return err->status;
    x->d = rf_device_new((int)r->threads, err);
    return x->d ? RF_OK : err->status;
}

void py_reader_close(py_reader *x)
{
    py_model_free(x->m);
    rf_device_free(x->d);
}
