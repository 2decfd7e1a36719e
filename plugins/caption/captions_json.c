/* caption/captions_json.c -- captions as COCO has them, and as Karpathy's splits of Flickr8k, Flickr30k
 * and COCO have them.
 *
 *     {"images": [{"id": 7, "file_name": "7.jpg"}],
 *      "annotations": [{"image_id": 7, "caption": "A dog."}]}
 *     {"images": [{"filename": "7.jpg", "split": "test", "sentences": [{"raw": "A dog."}]}]} */
#include <jansson.h>
#include <string.h>

#include "captions_read.h"

typedef struct json_reading {
    cap_reading *r;
    rf_map *id; /* of an image -> its picture */
} json_reading;

static rf_status wrong(const cap_reading *r, const char *list, size_t i, const char *what)
{
    return rf_fail(r->err, RF_EFORMAT, "%s: %s[%zu]: %s", r->name, list, i, what);
}

static rf_status add_caption(cap_reading *r, rf_index picture, const char *list, size_t i,
                             const json_t *text)
{
    const char *s = json_string_value(text);
    if (!s || !s[strspn(s, " \t\r\n")]) return wrong(r, list, i, "no caption");
    rf_str line = {0}; /* captions are lines */
    rf_str_put(&line, s);
    for (size_t k = 0; k < line.n; k++)
        if (line.s[k] == '\n' || line.s[k] == '\r') line.s[k] = ' ';
    const rf_status st = line.failed ? rf_fail(r->err, RF_ENOMEM, "%s: no memory", r->name)
                                     : cap_reading_caption(r, picture, -1, line.s, line.n);
    rf_str_free(&line);
    return st;
}

static rf_status read_sentences(cap_reading *r, rf_index picture, size_t i, const json_t *list)
{
    rf_status st = RF_OK;
    for (size_t k = 0; k < json_array_size(list) && !st; k++)
        st = add_caption(r, picture, "images", i, json_object_get(json_array_get(list, k), "raw"));
    return st;
}

static rf_status read_image(json_reading *j, size_t i, const json_t *image)
{
    rf_index picture;
    const json_t *id = json_object_get(image, "id"), *file = json_object_get(image, "file_name");
    const char *split = json_string_value(json_object_get(image, "split"));
    if (!file) file = json_object_get(image, "filename");
    const char *name = json_string_value(file);
    if (!name || !*name) return wrong(j->r, "images", i, "no file_name");
    rf_status st = cap_reading_picture(j->r, name, strlen(name), &picture);
    const json_int_t number = json_integer_value(id);
    if (!st && json_is_integer(id) &&
        !rf_map_put(j->id, (const char *)&number, sizeof number, picture))
        st = rf_fail(j->r->err, RF_ENOMEM, "%s: no memory", j->r->name);
    if (!st && split) st = cap_reading_split(j->r, picture, split, strlen(split));
    return st ? st : read_sentences(j->r, picture, i, json_object_get(image, "sentences"));
}

static rf_status read_annotation(json_reading *j, size_t i, const json_t *x)
{
    const json_t *id = json_object_get(x, "image_id");
    const json_int_t number = json_integer_value(id);
    if (!json_is_integer(id)) return wrong(j->r, "annotations", i, "no image_id");
    const rf_index picture = rf_map_get(j->id, (const char *)&number, sizeof number, -1);
    if (picture < 0) return wrong(j->r, "annotations", i, "no image has its image_id");
    return add_caption(j->r, picture, "annotations", i, json_object_get(x, "caption"));
}

static rf_status read_root(json_reading *j, const json_t *root)
{
    const json_t *images = json_object_get(root, "images");
    const json_t *list = json_object_get(root, "annotations");
    rf_status st = RF_OK;
    if (!json_is_array(images))
        return rf_fail(j->r->err, RF_EFORMAT, "%s: no list of images", j->r->name);
    for (size_t i = 0; i < json_array_size(images) && !st; i++)
        st = read_image(j, i, json_array_get(images, i));
    for (size_t i = 0; i < json_array_size(list) && !st; i++)
        st = read_annotation(j, i, json_array_get(list, i));
    return st;
}

rf_status cap_reading_json(cap_reading *r)
{
    json_error_t at;
    json_reading j = {.r = r, .id = rf_map_new()};
    json_t *root = json_loadb(r->at, r->left, 0, &at);
    rf_status st = RF_OK;
    if (!j.id)
        st = rf_fail(r->err, RF_ENOMEM, "%s: no memory", r->name);
    else if (!root)
        st = rf_fail(r->err, RF_EFORMAT, "%s:%d: %s", r->name, at.line, at.text);
    else
        st = read_root(&j, root);
    json_decref(root);
    rf_map_free(j.id);
    return st;
}
