// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A capture device with multi-planar buffers, for tests: every frame is the file /lib/firmware/raymap/FORMAT.
 *
 * It offers what no test driver of the kernel has in such buffers, as Qualcomm's and Rockchip's camera drivers do: the
 * packed grey formats, and MJPG. One plane, through the multi-planar interface; one device, one size, 25 frames a second.
 */
#include <linux/firmware.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/workqueue.h>
#include <media/v4l2-dev.h>
#include <media/v4l2-device.h>
#include <media/v4l2-ioctl.h>
#include <media/videobuf2-v4l2.h>
#include <media/videobuf2-vmalloc.h>

#define NAME "raymap-planes"
#define BETWEEN_MS 40
/* No JPEG takes more. */
#define COMPRESSED_BITS_MAX 24

static int video_nr = -1;
module_param(video_nr, int, 0444);
static int width = 320;
module_param(width, int, 0444);
static int height = 180;
module_param(height, int, 0444);

static const struct {
	u32 fourcc;
	const char *name;
	unsigned int bits;
} formats[] = {
	{ v4l2_fourcc('Y', '1', '0', 'P'), "Y10P", 10 },
	{ v4l2_fourcc('Y', '1', '2', 'P'), "Y12P", 12 },
	{ v4l2_fourcc('Y', '1', '0', 'B'), "Y10B", 10 },
	/* Of no fixed size. */
	{ V4L2_PIX_FMT_MJPEG, "MJPG", 0 },
};

struct buffer {
	struct vb2_v4l2_buffer vb;
	struct list_head entry;
};

static struct {
	struct platform_device *parent;
	struct v4l2_device v4l2;
	struct video_device video;
	struct vb2_queue queue;
	struct mutex lock;
	spinlock_t waiting_lock;
	struct list_head waiting;
	struct delayed_work next;
	const struct firmware *frame;
	unsigned int format;
	u32 sequence;
} device;

static unsigned int frame_bytes_max(unsigned int format)
{
	return width * height * (formats[format].bits ?: COMPRESSED_BITS_MAX) / 8;
}

static struct buffer *waiting_buffer(void)
{
	struct buffer *buffer;

	spin_lock(&device.waiting_lock);
	buffer = list_first_entry_or_null(&device.waiting, struct buffer, entry);
	if (buffer)
		list_del(&buffer->entry);
	spin_unlock(&device.waiting_lock);
	return buffer;
}

static void give_all_back(enum vb2_buffer_state state)
{
	struct buffer *buffer;

	while ((buffer = waiting_buffer()))
		vb2_buffer_done(&buffer->vb.vb2_buf, state);
}

static void fill_next(struct work_struct *work)
{
	struct buffer *buffer = waiting_buffer();

	if (buffer) {
		memcpy(vb2_plane_vaddr(&buffer->vb.vb2_buf, 0), device.frame->data, device.frame->size);
		vb2_set_plane_payload(&buffer->vb.vb2_buf, 0, device.frame->size);
		buffer->vb.sequence = device.sequence;
		buffer->vb.field = V4L2_FIELD_NONE;
		buffer->vb.vb2_buf.timestamp = ktime_get_ns();
		vb2_buffer_done(&buffer->vb.vb2_buf, VB2_BUF_STATE_DONE);
	}
	device.sequence++;
	schedule_delayed_work(&device.next, msecs_to_jiffies(BETWEEN_MS));
}

static int queue_setup(struct vb2_queue *queue, unsigned int *buffers, unsigned int *planes, unsigned int sizes[],
		       struct device *alloc_devs[])
{
	unsigned int needed = frame_bytes_max(device.format);

	if (*planes)
		return *planes == 1 && sizes[0] >= needed ? 0 : -EINVAL;
	*planes = 1;
	sizes[0] = needed;
	return 0;
}

static int buf_prepare(struct vb2_buffer *vb)
{
	return vb2_plane_size(vb, 0) < frame_bytes_max(device.format) ? -EINVAL : 0;
}

static void buf_queue(struct vb2_buffer *vb)
{
	struct buffer *buffer = container_of(to_vb2_v4l2_buffer(vb), struct buffer, vb);

	spin_lock(&device.waiting_lock);
	list_add_tail(&buffer->entry, &device.waiting);
	spin_unlock(&device.waiting_lock);
}

static int start_streaming(struct vb2_queue *queue, unsigned int count)
{
	unsigned int most = frame_bytes_max(device.format), least = formats[device.format].bits ? most : 1;
	char path[32];
	int failed;

	snprintf(path, sizeof(path), "raymap/%s", formats[device.format].name);
	failed = request_firmware(&device.frame, path, &device.parent->dev);
	if (!failed && (device.frame->size < least || device.frame->size > most)) {
		release_firmware(device.frame);
		failed = -EINVAL;
	}
	if (failed) {
		give_all_back(VB2_BUF_STATE_QUEUED);
		return failed;
	}
	device.sequence = 0;
	schedule_delayed_work(&device.next, 0);
	return 0;
}

static void stop_streaming(struct vb2_queue *queue)
{
	cancel_delayed_work_sync(&device.next);
	give_all_back(VB2_BUF_STATE_ERROR);
	release_firmware(device.frame);
}

static const struct vb2_ops queue_ops = {
	.queue_setup = queue_setup,
	.buf_prepare = buf_prepare,
	.buf_queue = buf_queue,
	.start_streaming = start_streaming,
	.stop_streaming = stop_streaming,
	.wait_prepare = vb2_ops_wait_prepare,
	.wait_finish = vb2_ops_wait_finish,
};

static int querycap(struct file *file, void *handle, struct v4l2_capability *capability)
{
	strscpy(capability->driver, NAME, sizeof(capability->driver));
	strscpy(capability->card, "Planes", sizeof(capability->card));
	strscpy(capability->bus_info, "platform:" NAME, sizeof(capability->bus_info));
	return 0;
}

static int enum_fmt(struct file *file, void *handle, struct v4l2_fmtdesc *asked)
{
	if (asked->index >= ARRAY_SIZE(formats))
		return -EINVAL;
	asked->pixelformat = formats[asked->index].fourcc;
	return 0;
}

static void describe(struct v4l2_pix_format_mplane *pix, unsigned int format)
{
	memset(pix, 0, sizeof(*pix));
	pix->width = width;
	pix->height = height;
	pix->pixelformat = formats[format].fourcc;
	pix->field = V4L2_FIELD_NONE;
	pix->colorspace = V4L2_COLORSPACE_RAW;
	pix->num_planes = 1;
	pix->plane_fmt[0].bytesperline = width * formats[format].bits / 8;
	pix->plane_fmt[0].sizeimage = frame_bytes_max(format);
}

/* The format that is asked for, or the first. */
static unsigned int nearest(u32 fourcc)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].fourcc == fourcc)
			return i;
	return 0;
}

static int get_fmt(struct file *file, void *handle, struct v4l2_format *format)
{
	describe(&format->fmt.pix_mp, device.format);
	return 0;
}

static int try_fmt(struct file *file, void *handle, struct v4l2_format *format)
{
	describe(&format->fmt.pix_mp, nearest(format->fmt.pix_mp.pixelformat));
	return 0;
}

static int set_fmt(struct file *file, void *handle, struct v4l2_format *format)
{
	if (vb2_is_busy(&device.queue))
		return -EBUSY;
	device.format = nearest(format->fmt.pix_mp.pixelformat);
	describe(&format->fmt.pix_mp, device.format);
	return 0;
}

static int enum_input(struct file *file, void *handle, struct v4l2_input *input)
{
	if (input->index)
		return -EINVAL;
	input->type = V4L2_INPUT_TYPE_CAMERA;
	strscpy(input->name, "Planes", sizeof(input->name));
	return 0;
}

static int get_input(struct file *file, void *handle, unsigned int *input)
{
	*input = 0;
	return 0;
}

static int set_input(struct file *file, void *handle, unsigned int input)
{
	return input ? -EINVAL : 0;
}

static const struct v4l2_ioctl_ops ioctl_ops = {
	.vidioc_querycap = querycap,
	.vidioc_enum_fmt_vid_cap = enum_fmt,
	.vidioc_g_fmt_vid_cap_mplane = get_fmt,
	.vidioc_try_fmt_vid_cap_mplane = try_fmt,
	.vidioc_s_fmt_vid_cap_mplane = set_fmt,
	.vidioc_enum_input = enum_input,
	.vidioc_g_input = get_input,
	.vidioc_s_input = set_input,
	.vidioc_reqbufs = vb2_ioctl_reqbufs,
	.vidioc_create_bufs = vb2_ioctl_create_bufs,
	.vidioc_querybuf = vb2_ioctl_querybuf,
	.vidioc_prepare_buf = vb2_ioctl_prepare_buf,
	.vidioc_qbuf = vb2_ioctl_qbuf,
	.vidioc_dqbuf = vb2_ioctl_dqbuf,
	.vidioc_streamon = vb2_ioctl_streamon,
	.vidioc_streamoff = vb2_ioctl_streamoff,
};

static const struct v4l2_file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = v4l2_fh_open,
	.release = vb2_fop_release,
	.poll = vb2_fop_poll,
	.mmap = vb2_fop_mmap,
	.unlocked_ioctl = video_ioctl2,
};

static int __init planes_init(void)
{
	int failed;

	mutex_init(&device.lock);
	spin_lock_init(&device.waiting_lock);
	INIT_LIST_HEAD(&device.waiting);
	INIT_DELAYED_WORK(&device.next, fill_next);
	device.parent = platform_device_register_simple(NAME, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device.parent))
		return PTR_ERR(device.parent);
	/* By itself it would be named after the parent's driver, which has none. */
	strscpy(device.v4l2.name, NAME, sizeof(device.v4l2.name));
	failed = v4l2_device_register(&device.parent->dev, &device.v4l2);
	if (failed)
		goto no_v4l2;
	device.queue.type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
	device.queue.io_modes = VB2_MMAP;
	device.queue.buf_struct_size = sizeof(struct buffer);
	device.queue.ops = &queue_ops;
	device.queue.mem_ops = &vb2_vmalloc_memops;
	device.queue.timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	device.queue.lock = &device.lock;
	failed = vb2_queue_init(&device.queue);
	if (failed)
		goto no_queue;
	strscpy(device.video.name, NAME, sizeof(device.video.name));
	device.video.fops = &file_ops;
	device.video.ioctl_ops = &ioctl_ops;
	device.video.release = video_device_release_empty;
	device.video.v4l2_dev = &device.v4l2;
	device.video.queue = &device.queue;
	device.video.lock = &device.lock;
	device.video.device_caps = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
	failed = video_register_device(&device.video, VFL_TYPE_VIDEO, video_nr);
	if (!failed)
		return 0;
no_queue:
	v4l2_device_unregister(&device.v4l2);
no_v4l2:
	platform_device_unregister(device.parent);
	return failed;
}

static void __exit planes_exit(void)
{
	vb2_video_unregister_device(&device.video);
	v4l2_device_unregister(&device.v4l2);
	platform_device_unregister(device.parent);
}

module_init(planes_init);
module_exit(planes_exit);
MODULE_DESCRIPTION("Capture in packed grey formats and MJPG through multi-planar buffers, for tests");
MODULE_LICENSE("Dual MIT/GPL");
